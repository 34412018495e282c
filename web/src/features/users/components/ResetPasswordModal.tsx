import { Form, Modal, Typography } from 'antd';
import { useTranslation } from 'react-i18next';
import type { User } from '@/api/model';
import { PasswordField } from '@/session/PasswordField';
import { ProblemView } from '@/ui/ProblemView';
import { useFormProblem } from '@/ui/useFormProblem';
import { useNotices } from '@/ui/useNotices';
import { useResetPassword } from '../api/useResetPassword';

export function ResetPasswordModal({ user, onClose }: { user: User | null; onClose: () => void }) {
  const { t } = useTranslation();
  const [form] = Form.useForm<{ new_password: string }>();
  const notices = useNotices();
  const reset = useResetPassword();
  const { problem, show, clear } = useFormProblem(form, ['new_password']);
  const close = () => {
    clear();
    onClose();
  };
  const submit = (body: { new_password: string }) => {
    if (!user) return;
    clear();
    reset.mutate({ id: user.id, body }, { onError: show, onSuccess: () => { notices.success(t('users.did.reset', { name: user.username })); close(); } });
  };
  return (
    <Modal open={user !== null} title={t('users.resetTitle', { name: user?.username ?? '' })} okText={t('users.act.reset')} cancelText={t('ui.cancel')} onCancel={close} onOk={() => form.submit()} confirmLoading={reset.isPending} destroyOnHidden>
      <Form form={form} layout="vertical" requiredMark={false} onFinish={submit} preserve={false}>
        <Typography.Paragraph type="secondary">{t('users.resetText')}</Typography.Paragraph>
        {problem && <ProblemView error={problem.error} lines={problem.lines} />}
        <PasswordField name="new_password" label={t('account.password.new')} />
      </Form>
    </Modal>
  );
}
