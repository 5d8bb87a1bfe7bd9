/** Every command of the program. */

import { adoptCommand } from './adopt.ts';
import { applyCommand } from './apply.ts';
import { approveCommand, rejectCommand } from './approve.ts';
import { channelCommand } from './channel.ts';
import type { Command } from './command.ts';
import { controllerCommand } from './controller.ts';
import { convertCommand } from './convert.ts';
import { healthCommand } from './health.ts';
import { historyCommand } from './history.ts';
import { imagoCommand } from './imago.ts';
import { planCommand } from './plan.ts';
import { policyCommand } from './policy.ts';
import { rejectionsCommand } from './rejections.ts';
import { restoreCommand } from './restore.ts';
import { rollbackCommand } from './rollback.ts';
import { runCommand } from './run.ts';
import { statusCommand } from './status.ts';
import { verifyCommand } from './verify.ts';
import { vetoCommand } from './veto.ts';
import { writeCommand } from './write.ts';

export const commands: readonly Command[] = [
  controllerCommand,
  runCommand,
  statusCommand,
  planCommand,
  healthCommand,
  historyCommand,
  approveCommand,
  rejectCommand,
  vetoCommand,
  rollbackCommand,
  restoreCommand,
  rejectionsCommand,
  policyCommand,
  imagoCommand,
  adoptCommand,
  convertCommand,
  writeCommand,
  applyCommand,
  verifyCommand,
  channelCommand,
];
