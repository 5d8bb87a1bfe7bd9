/** Language and colours; kept in this browser. */
import { Button, Menu, useMantineColorScheme } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { sessionQuery, signOut } from '../api/session.ts';
import { catalogues, isLanguage, useLanguage } from '../text/language.tsx';

const schemes = ['light', 'dark', 'auto'] as const;

export function SettingsMenu() {
  const { text, language, speak } = useLanguage();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Menu width={220} position="bottom-end" keepMounted={false}>
      <Menu.Target>
        <Button
          variant="default"
          size="xs"
          aria-label={`${language.toUpperCase()}: ${text.settings.language}, ${text.settings.colours}`}
        >
          {language.toUpperCase()}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{text.settings.language}</Menu.Label>
        {Object.entries(catalogues).map(([key, { name }]) => (
          <Menu.Item key={key} lang={key} onClick={() => isLanguage(key) && speak(key)}>
            {key === language ? `✓ ${name}` : name}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Label>{text.settings.colours}</Menu.Label>
        {schemes.map((scheme) => (
          <Menu.Item key={scheme} onClick={() => setColorScheme(scheme)}>
            {scheme === colorScheme ? `✓ ${text.settings[scheme]}` : text.settings[scheme]}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <WhoItems />
      </Menu.Dropdown>
    </Menu>
  );
}

function WhoItems() {
  const { text } = useLanguage();
  const queries = useQueryClient();
  const { data: session } = useQuery(sessionQuery());
  if (!session?.signedIn) {
    return (
      <Menu.Item component={Link} to="/sign-in">
        {text.settings.signIn}
      </Menu.Item>
    );
  }
  const leave = async () => {
    await signOut();
    await queries.resetQueries();
  };
  return (
    <>
      <Menu.Label>{text.settings.signedInAs(session.name ?? '')}</Menu.Label>
      {session.via === 'Session' && <Menu.Item onClick={() => void leave()}>{text.settings.signOut}</Menu.Item>}
    </>
  );
}
