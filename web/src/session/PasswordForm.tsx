import { Button, Flex, Form, Input } from 'antd';
import { useTranslation } from 'react-i18next';
import { ProblemView } from '@/ui/ProblemView';
import { useFormProblem } from '@/ui/useFormProblem';
import { type PasswordChange, useChangePassword } from './api/useChangePassword';
import { PasswordField } from './PasswordField';

/** Old, new, new again. The rules are checked while typing; the service has the last word. */
export function PasswordForm({ action, onDone }: { action: string; onDone?: () => void }) {
  const { t } = useTranslation();
  const [form] = Form.useForm<PasswordChange & { again: string }>();
  const change = useChangePassword();
  const { problem, show, clear } = useFormProblem(form, ['old_password', 'new_password']);

  const submit = ({ old_password, new_password }: PasswordChange) => {
    clear();
    change.mutate({ old_password, new_password }, { onError: show, onSuccess: () => { form.resetFields(); onDone?.(); } });
  };

  return (
    <Form form={form} layout="vertical" requiredMark={false} onFinish={submit}>
      <Flex vertical gap={16}>{problem && <ProblemView error={problem.error} lines={problem.lines} />}</Flex>
      <Form.Item name="old_password" label={t('account.password.old')} rules={[{ required: true, message: t('ui.required') }]}>
        <Input.Password autoComplete="current-password" />
      </Form.Item>
      <PasswordField name="new_password" label={t('account.password.new')} />
      <Form.Item
        name="again"
        label={t('account.password.again')}
        dependencies={['new_password']}
        rules={[{ required: true, message: t('ui.required') }, ({ getFieldValue }) => ({
          validator: (_, value) => (!value || value === getFieldValue('new_password') ? Promise.resolve() : Promise.reject(new Error(t('account.password.differs')))),
        })]}
      >
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <Button type="primary" htmlType="submit" loading={change.isPending} block>{action}</Button>
    </Form>
  );
}
