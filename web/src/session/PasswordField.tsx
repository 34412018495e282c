import { Form, Input } from 'antd';
import { useTranslation } from 'react-i18next';
import { passwordFaults } from './passwordRules';

/** A new password under the rules of every password. */
export function PasswordField({ name, label }: { name: string | string[]; label: string }) {
  const { t } = useTranslation();
  const rule = (_: unknown, value: string | undefined) => {
    const [fault] = value ? passwordFaults(value) : [];
    return fault ? Promise.reject(new Error(t(`account.password.fault.${fault}`))) : Promise.resolve();
  };
  return (
    <Form.Item name={name} label={label} extra={t('account.password.rules')} rules={[{ required: true, message: t('ui.required') }, { validator: rule }]}>
      <Input.Password autoComplete="new-password" />
    </Form.Item>
  );
}
