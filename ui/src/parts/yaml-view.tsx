/** An object as YAML, as kubectl shows it. The writer of YAML comes only when somebody looks. */
import { Code, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useText } from '../text/language.tsx';

export function YamlView({ value, label }: { readonly value: unknown; readonly label: string }) {
  const text = useText();
  const { data } = useQuery({ queryKey: ['yaml-writer'], queryFn: () => import('yaml'), staleTime: Infinity });
  return data ? (
    <Code block tabIndex={0} role="region" aria-label={label}>
      {data.stringify(value, { lineWidth: 100 })}
    </Code>
  ) : (
    <Loader aria-label={text.common.loading} size="sm" />
  );
}
