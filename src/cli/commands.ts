/** Every command of the program. */

import { adoptCommand } from './adopt.ts';
import { appShownCommand } from './app.ts';
import { applyCommand } from './apply.ts';
import { approveCommand, rejectCommand } from './approve.ts';
import { appsCommand } from './apps.ts';
import { channelCommand } from './channel.ts';
import { checkCommand } from './check.ts';
import type { Command } from './command.ts';
import { completionCommandOf } from './completion.ts';
import { controllerCommand } from './controller.ts';
import { convertCommand } from './convert.ts';
import { crdsCommand } from './crds.ts';
import { drillCommand } from './drill.ts';
import { healthCommand } from './health.ts';
import { holdCommand } from './hold.ts';
import { imagoCommand } from './imago.ts';
import { logsCommand } from './logs.ts';
import { planCommand } from './plan.ts';
import { policyCommand } from './policy.ts';
import { rejectionsCommand } from './rejections.ts';
import { restoreCommand } from './restore.ts';
import { rollbackCommand } from './rollback.ts';
import { runCommand } from './run.ts';
import { updateCommand } from './update.ts';
import { updatesCommand } from './updates.ts';
import { verifyCommand } from './verify.ts';
import { whyCommand } from './why.ts';
import { writeCommand } from './write.ts';

export const commands: readonly Command[] = [
  controllerCommand,
  runCommand,
  appsCommand,
  appShownCommand,
  whyCommand,
  planCommand,
  healthCommand,
  updatesCommand,
  updateCommand,
  logsCommand,
  checkCommand,
  approveCommand,
  rejectCommand,
  holdCommand,
  rollbackCommand,
  restoreCommand,
  drillCommand,
  rejectionsCommand,
  policyCommand,
  imagoCommand,
  adoptCommand,
  convertCommand,
  writeCommand,
  applyCommand,
  verifyCommand,
  channelCommand,
  crdsCommand,
  completionCommandOf(() => commands),
];
