import { App } from 'antd';
import { useTranslation } from 'react-i18next';

/** Copies a text and says whether it worked. */
export function useCopy() {
  const { message } = App.useApp();
  const { t } = useTranslation();
  return async (text: string) => {
    try {
      await navigator.clipboard.writeText(text);
      void message.success(t('ui.copied'));
    } catch (error) {
      // The browser may refuse the clipboard; the text stays on screen to be selected by hand.
      void message.error(t('ui.copyRefused', { reason: error instanceof Error ? error.message : String(error) }));
    }
  };
}
