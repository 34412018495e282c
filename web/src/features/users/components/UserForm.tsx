import { Form, Input, Modal, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import type { User } from '@/api/model';
import { useTenants } from '@/api/shared/useTenants';
import { PasswordField } from '@/session/PasswordField';
import { surface } from '@/surface';
import { ProblemView } from '@/ui/ProblemView';
import { useFormProblem } from '@/ui/useFormProblem';
import { useNotices } from '@/ui/useNotices';
import { useAddUser } from '../api/useAddUser';
import { useUpdateUser } from '../api/useUpdateUser';
import { rolesFor } from '../rolesFor';

interface Values {
  username: string;
  password: string;
  role: string;
  nickname?: string;
  email?: string;
  tenant_id?: string;
}

const fields = ['username', 'password', 'role', 'nickname', 'email', 'tenant_id'];

export function UserForm({ subject, onClose }: { subject: User | 'new' | null; onClose: () => void }) {
  const { t } = useTranslation();
  const editing = subject !== null && subject !== 'new';
  const portal = surface() === 'portal';
  const [form] = Form.useForm<Values>();
  const tenants = useTenants({ page: 1, page_size: 500 }, portal && subject === 'new');
  const notices = useNotices();
  const [add, update] = [useAddUser(), useUpdateUser()];
  const { problem, show, clear } = useFormProblem(form, fields);
  const required = { required: true, whitespace: true, message: t('ui.required') };

  const close = () => {
    clear();
    onClose();
  };
  const submit = ({ username, password, role, nickname, email, tenant_id }: Values) => {
    clear();
    const extra = { nickname: nickname?.trim() || null, email: email?.trim() || null };
    const done = { onError: show, onSuccess: () => { notices.success(t(editing ? 'users.changed' : 'users.added')); close(); } };
    if (editing) update.mutate({ id: subject.id, body: { role, ...extra } }, done);
    else add.mutate({ username: username.trim(), password, role, ...extra, ...(tenant_id ? { tenant_id } : {}) }, done);
  };

  return (
    <Modal open={subject !== null} title={t(editing ? 'users.edit' : 'users.add')} okText={t('ui.save')} cancelText={t('ui.cancel')} onCancel={close} onOk={() => form.submit()} confirmLoading={add.isPending || update.isPending} destroyOnHidden>
      <Form form={form} key={editing ? subject.id : 'new'} layout="vertical" onFinish={submit} preserve={false} initialValues={editing ? { ...subject } : { role: portal ? 'tenant_admin' : 'operator' }}>
        {problem && <ProblemView error={problem.error} lines={problem.lines} />}
        {portal && !editing && (
          <Form.Item name="tenant_id" label={t('users.tenant')} rules={[required]}>
            <Select showSearch={{ optionFilterProp: 'label' }} loading={tenants.isPending} options={tenants.data?.items.map((tenant) => ({ value: tenant.id, label: tenant.name }))} />
          </Form.Item>
        )}
        <Form.Item name="username" label={t('users.username')} extra={editing ? undefined : t('users.usernameHint')} rules={editing ? [] : [required, { pattern: /^[A-Za-z0-9_.]{2,60}$/, message: t('users.usernameRule') }]}>
          <Input disabled={editing} autoComplete="off" autoCapitalize="none" spellCheck={false} />
        </Form.Item>
        {!editing && <PasswordField name="password" label={t('users.password')} />}
        <Form.Item name="role" label={t('users.role')} rules={[required]}>
          <Select options={rolesFor(portal, editing ? subject.role : undefined).map((value) => ({ value, label: t(`ui.role.${value}`) }))} />
        </Form.Item>
        <Form.Item name="nickname" label={t('users.nickname')}><Input autoComplete="off" maxLength={60} /></Form.Item>
        <Form.Item name="email" label={t('users.email')} rules={[{ type: 'email', message: t('ui.notEmail') }]}><Input autoComplete="off" /></Form.Item>
      </Form>
    </Modal>
  );
}
