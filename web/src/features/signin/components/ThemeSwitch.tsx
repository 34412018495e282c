import { MoonOutlined, SunOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { setThemeChoice, useThemeName } from '@/theme/themeChoice';

export function ThemeSwitch() {
  const { t } = useTranslation();
  const other = useThemeName() === 'dark' ? 'light' : 'dark';
  return <Button type="text" icon={other === 'light' ? <SunOutlined /> : <MoonOutlined />} aria-label={t(`shell.theme.${other}`)} onClick={() => setThemeChoice(other)} />;
}
