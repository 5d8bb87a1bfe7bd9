/** Language and colours; kept in this browser. */
import { Button, Menu, useMantineColorScheme } from '@mantine/core';
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
          <Menu.Item
            key={key}
            lang={key}
            role="menuitemradio"
            aria-checked={key === language}
            onClick={() => isLanguage(key) && speak(key)}
          >
            {key === language ? `✓ ${name}` : name}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Label>{text.settings.colours}</Menu.Label>
        {schemes.map((scheme) => (
          <Menu.Item
            key={scheme}
            role="menuitemradio"
            aria-checked={scheme === colorScheme}
            onClick={() => setColorScheme(scheme)}
          >
            {scheme === colorScheme ? `✓ ${text.settings[scheme]}` : text.settings[scheme]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
