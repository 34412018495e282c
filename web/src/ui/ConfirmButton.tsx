import { App, Button, type ButtonProps } from 'antd';
import { useTranslation } from 'react-i18next';

interface Props extends Omit<ButtonProps, 'onClick' | 'title'> {
  question: string;
  explanation: string;
  action: string;
  onConfirm: () => Promise<unknown>;
}

/** A button that asks first. The dialog stays open until the call is answered. */
export function ConfirmButton({ question, explanation, action, onConfirm, children, ...button }: Props) {
  const { modal } = App.useApp();
  const { t } = useTranslation();
  const ask = () =>
    modal.confirm({
      title: question,
      content: explanation,
      okText: action,
      cancelText: t('ui.cancel'),
      okButtonProps: { danger: button.danger },
      autoFocusButton: 'cancel',
      // Problems are shown by the caller; the dialog closes either way.
      onOk: () => onConfirm().then(() => undefined, () => undefined),
    });
  return <Button type="link" size="small" {...button} onClick={ask}>{children ?? action}</Button>;
}
