import { Button, Flex, Form, Input, Modal, Select, Typography } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { NewAccessKey } from '@/api/model';
import { useUsers } from '@/api/shared/useUsers';
import { permission, useCan } from '@/session/permissions';
import { ProblemView } from '@/ui/ProblemView';
import { SecretBox } from '@/ui/SecretBox';
import { useFormProblem } from '@/ui/useFormProblem';
import { useAddAccessKey } from '../api/useAddAccessKey';

interface Values {
  user_id?: string;
  description?: string;
}

/** A key for oneself or another user; its secret follows in the same dialog. */
export function AddAccessKeyModal({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const [form] = Form.useForm<Values>();
  const users = useUsers({ page: 1, page_size: 500 }, useCan(permission.usersRead) && open);
  const [created, setCreated] = useState<NewAccessKey>();
  const add = useAddAccessKey();
  const { problem, show, clear } = useFormProblem(form, ['user_id', 'description']);

  const close = () => {
    setCreated(undefined);
    add.reset();
    clear();
    onClose();
  };
  const submit = ({ user_id, description }: Values) => {
    clear();
    add.mutate({ ...(user_id ? { user_id } : {}), description: description?.trim() ?? '' }, { onError: show, onSuccess: setCreated });
  };

  return (
    <Modal
      open={open}
      title={t(created ? 'accessKeys.created' : 'accessKeys.add')}
      onCancel={close}
      mask={{ closable: !created }}
      destroyOnHidden
      footer={created
        ? <Button type="primary" onClick={close}>{t('ui.close')}</Button>
        : [<Button key="cancel" onClick={close}>{t('ui.cancel')}</Button>, <Button key="ok" type="primary" loading={add.isPending} onClick={() => form.submit()}>{t('accessKeys.add')}</Button>]}
    >
      {created ? (
        <Flex vertical gap={12}>
          <Typography.Text>{t('accessKeys.key')}: <Typography.Text copyable className="hb-mono">{created.access_key}</Typography.Text></Typography.Text>
          <SecretBox label={t('accessKeys.secret')} secret={created.secret} warning={t('accessKeys.secretWarning')} />
        </Flex>
      ) : (
        <Form form={form} layout="vertical" requiredMark={false} onFinish={submit} preserve={false}>
          {problem && <ProblemView error={problem.error} lines={problem.lines} />}
          <Form.Item name="user_id" label={t('accessKeys.user')} extra={t('accessKeys.userHint')}>
            <Select allowClear showSearch={{ optionFilterProp: 'label' }} placeholder={t('accessKeys.myself')} options={users.data?.items.map((user) => ({ value: user.id, label: user.username }))} />
          </Form.Item>
          <Form.Item name="description" label={t('accessKeys.description')}><Input.TextArea rows={2} maxLength={200} showCount /></Form.Item>
        </Form>
      )}
    </Modal>
  );
}
