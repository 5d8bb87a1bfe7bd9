import { Text } from '@mantine/core';
import { PageLink } from '../parts/page-link.tsx';
import { PageTitle } from '../parts/page-title.tsx';
import { useText } from '../text/language.tsx';

export function NotFoundPage() {
  const text = useText();
  return (
    <>
      <PageTitle title={text.error.page} />
      <Text>
        <PageLink to="/">{text.error.home}</PageLink>
      </Text>
    </>
  );
}
