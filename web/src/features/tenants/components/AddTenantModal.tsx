import { Checkbox, Form, Input, Modal, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { PasswordField } from '@/session/PasswordField';
import { ProblemView } from '@/ui/ProblemView';
import { useFormProblem } from '@/ui/useFormProblem';
import { useNotices } from '@/ui/useNotices';
import { useAddTenant } from '../api/useAddTenant';

interface Values {
  name: string;
  scene: 'all' | 'dr' | 'migration';
  with_admin: boolean;
  admin?: { username: string; password: string; email?: string };
}

const fields = ['name', 'scene', 'admin.username', 'admin.password', 'admin.email'];

/** A tenant and, in the same step, the administrator who will run it. */
export function AddTenantModal({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const [form] = Form.useForm<Values>();
  const withAdmin = Form.useWatch('with_admin', form) ?? true;
  const notices = useNotices();
  const add = useAddTenant();
  const { problem, show, clear } = useFormProblem(form, fields);
  const required = { required: true, whitespace: true, message: t('ui.required') };

  const close = () => {
    clear();
    onClose();
  };
  const submit = ({ name, scene, with_admin, admin }: Values) => {
    clear();
    const first = with_admin && admin ? { admin: { username: admin.username.trim(), password: admin.password, email: admin.email?.trim() || null } } : {};
    add.mutate({ name: name.trim(), scene, ...first }, { onError: show, onSuccess: () => { notices.success(t('tenants.added', { name: name.trim() })); close(); } });
  };

  return (
    <Modal open={open} title={t('tenants.add')} okText={t('ui.save')} cancelText={t('ui.cancel')} onCancel={close} onOk={() => form.submit()} confirmLoading={add.isPending} destroyOnHidden>
      <Form form={form} layout="vertical" onFinish={submit} preserve={false} initialValues={{ scene: 'all', with_admin: true }}>
        {problem && <ProblemView error={problem.error} lines={problem.lines} />}
        <Form.Item name="name" label={t('tenants.name')} rules={[required, { max: 100, message: t('ui.tooLong', { max: 100 }) }]}><Input autoComplete="off" /></Form.Item>
        <Form.Item name="scene" label={t('tenants.scene')} rules={[required]}>
          <Select options={(['all', 'dr', 'migration'] as const).map((value) => ({ value, label: t(`tenants.scenes.${value}`) }))} />
        </Form.Item>
        <Form.Item name="with_admin" valuePropName="checked"><Checkbox>{t('tenants.withAdmin')}</Checkbox></Form.Item>
        {withAdmin && (
          <>
            <Form.Item name={['admin', 'username']} label={t('users.username')} extra={t('users.usernameHint')} rules={[required, { pattern: /^[A-Za-z0-9_.]{2,60}$/, message: t('users.usernameRule') }]}>
              <Input autoComplete="off" autoCapitalize="none" spellCheck={false} />
            </Form.Item>
            <PasswordField name={['admin', 'password']} label={t('users.password')} />
            <Form.Item name={['admin', 'email']} label={t('users.email')} rules={[{ type: 'email', message: t('ui.notEmail') }]}><Input autoComplete="off" /></Form.Item>
          </>
        )}
      </Form>
    </Modal>
  );
}
