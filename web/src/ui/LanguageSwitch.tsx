import { GlobalOutlined } from '@ant-design/icons';
import { Button, Dropdown } from 'antd';
import { useTranslation } from 'react-i18next';
import { changeLanguage, type Language } from '@/i18n';

/** Each language under its own name. */
const names: Record<Language, string> = { en: 'English', zh: '简体中文' };

export function LanguageSwitch() {
  const { t, i18n } = useTranslation();
  const current = i18n.resolvedLanguage === 'zh' ? 'zh' : 'en';
  return (
    <Dropdown
      trigger={['click']}
      menu={{
        selectedKeys: [current],
        items: (Object.keys(names) as Language[]).map((key) => ({ key, label: names[key] })),
        onClick: ({ key }) => void changeLanguage(key as Language),
      }}
    >
      <Button type="text" icon={<GlobalOutlined />} aria-label={t('shell.language', { name: names[current] })} data-testid="language" />
    </Dropdown>
  );
}
