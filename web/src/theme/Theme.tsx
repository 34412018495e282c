import { App, ConfigProvider } from 'antd';
import enUS from 'antd/locale/en_US';
import zhCN from 'antd/locale/zh_CN';
import { type ReactNode, useEffect, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useThemeName } from './themeChoice';
import { themeConfig } from './tokens';

/** Ant Design in our colours and in the reader's language. */
export function Theme({ children }: { children: ReactNode }) {
  const name = useThemeName();
  const { i18n } = useTranslation();
  const config = useMemo(() => themeConfig(name), [name]);

  useEffect(() => {
    document.documentElement.dataset.theme = name;
  }, [name]);

  return (
    <ConfigProvider theme={config} locale={i18n.resolvedLanguage === 'zh' ? zhCN : enUS} button={{ autoInsertSpace: false }} drawer={{ closable: { placement: 'end' } }}>
      <App message={{ maxCount: 3 }} className="hb-app">
        {children}
      </App>
    </ConfigProvider>
  );
}
