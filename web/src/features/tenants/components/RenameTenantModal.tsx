import { Form, Input, Modal } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Tenant } from '@/api/model';
import { ProblemView } from '@/ui/ProblemView';
import { useFormProblem } from '@/ui/useFormProblem';
import { useNotices } from '@/ui/useNotices';
import { useRenameTenant } from '../api/useRenameTenant';

export function RenameTenantModal({ tenant, onClose }: { tenant: Tenant | null; onClose: () => void }) {
  const { t } = useTranslation();
  const [form] = Form.useForm<{ name: string }>();
  const notices = useNotices();
  const rename = useRenameTenant();
  const { problem, show, clear } = useFormProblem(form, ['name']);
  const close = () => {
    clear();
    onClose();
  };
  const submit = ({ name }: { name: string }) => {
    if (!tenant) return;
    clear();
    rename.mutate({ id: tenant.id, body: { name: name.trim() } }, { onError: show, onSuccess: () => { notices.success(t('tenants.renamed')); close(); } });
  };
  return (
    <Modal open={tenant !== null} title={t('tenants.rename')} okText={t('ui.save')} cancelText={t('ui.cancel')} onCancel={close} onOk={() => form.submit()} confirmLoading={rename.isPending} destroyOnHidden>
      <Form form={form} key={tenant?.id} layout="vertical" requiredMark={false} onFinish={submit} preserve={false} initialValues={{ name: tenant?.name }}>
        {problem && <ProblemView error={problem.error} lines={problem.lines} />}
        <Form.Item name="name" label={t('tenants.name')} rules={[{ required: true, whitespace: true, message: t('ui.required') }, { max: 100, message: t('ui.tooLong', { max: 100 }) }]}><Input autoComplete="off" /></Form.Item>
      </Form>
    </Modal>
  );
}
