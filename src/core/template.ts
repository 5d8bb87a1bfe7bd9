/**
 * Texts with `{{field}}` in them, and nothing more: no conditions, no loops, no functions, so that a template of anybody can be filled in
 * without harm.
 */
import { OperationError } from './errors.ts';

const placeholder = /\{\{([^{}]*)\}\}/g;

/** What was filled in is cut there, so that fields that others write cannot make a text without end. */
const longestField = 4_096;

/**
 * Checks that a template names known fields only.
 *
 * @param isKnown also for families of fields, `version.web`
 * @throws OBJECT_INVALID naming where, the field and those that there are
 */
export function checkTemplate(
  template: string,
  field: string,
  { isKnown, known }: { readonly isKnown: (name: string) => boolean; readonly known: readonly string[] },
): void {
  const wrong = fieldsOf(template).filter((name) => !isKnown(name));
  if (wrong.length > 0) {
    const named = wrong.map((name) => `"{{${name}}}"`).join(', ');
    throw new OperationError(`${field}: ${named} is no field; there are ${known.join(', ')}`, {
      code: 'OBJECT_INVALID',
      retry: 'never',
      context: { field },
    });
  }
  const rest = template.replaceAll(placeholder, '');
  if (rest.includes('{{') || rest.includes('}}')) {
    throw new OperationError(`${field}: "{{" without "}}" around a name; write for example {{app}}`, {
      code: 'OBJECT_INVALID',
      retry: 'never',
      context: { field },
    });
  }
}

/** The names between the braces. */
function fieldsOf(template: string): readonly string[] {
  return [...template.matchAll(placeholder)].map((match) => (match[1] ?? '').trim());
}

/** Fills in each field once; what a field brings is not looked at again. One that is absent becomes nothing. */
export function fillTemplate(template: string, fields: Readonly<Record<string, string>>): string {
  return template.replaceAll(placeholder, (_, inner: string) => {
    const name = inner.trim();
    return Object.hasOwn(fields, name) ? (fields[name] ?? '').slice(0, longestField) : '';
  });
}
