import { OperationError } from '../errors.ts';

/** A POLICY_INVALID: `<field>: <value> <what is wrong and what would be right>`. */
export function policyInvalid(field: string, value: string, remedy: string): OperationError {
  return new OperationError(`${field}: ${value} ${remedy}`.trimEnd(), {
    code: 'POLICY_INVALID',
    retry: 'never',
    context: { field },
  });
}
