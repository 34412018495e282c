import { Button, Drawer, Flex, Form, Input, Segmented } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Pool } from '@/api/model';
import { ProblemView } from '@/ui/ProblemView';
import { useFormProblem } from '@/ui/useFormProblem';
import { useNotices } from '@/ui/useNotices';
import { useAddPool } from '../api/useAddPool';
import { useUpdatePool } from '../api/useUpdatePool';
import { emptyPool, inputOf, poolFields, type PoolValues, valuesOf } from '../poolInput';
import { FolderFields } from './FolderFields';
import { S3Fields } from './S3Fields';

interface Props {
  subject: Pool | 'new' | null;
  onClose: () => void;
  onSaved: (id: string) => void;
}

/** Adds or changes a pool. Saving starts a probe, and the drawer with its result opens. */
export function PoolForm({ subject, onClose, onSaved }: Props) {
  const { t } = useTranslation();
  const editing = subject !== null && subject !== 'new';
  const [form] = Form.useForm<PoolValues>();
  const notices = useNotices();
  const add = useAddPool();
  const update = useUpdatePool();
  const { problem, show, clear } = useFormProblem(form, poolFields);

  const close = () => {
    clear();
    onClose();
  };
  const submit = (values: PoolValues) => {
    clear();
    const saved = (id: string) => {
      notices.success(t(editing ? 'pools.changed' : 'pools.added', { name: values.name.trim() }));
      close();
      onSaved(id);
    };
    if (editing) update.mutate({ id: subject.id, body: inputOf(values) }, { onError: show, onSuccess: () => saved(subject.id) });
    else add.mutate(inputOf(values), { onError: show, onSuccess: ({ pool }) => saved(pool.id) });
  };

  return (
    <Drawer
      open={subject !== null}
      onClose={close}
      size={520}
      title={t(editing ? 'pools.edit' : 'pools.add')}
      destroyOnHidden
      footer={
        <Flex justify="flex-end" gap={8}>
          <Button onClick={close}>{t('ui.cancel')}</Button>
          <Button type="primary" loading={add.isPending || update.isPending} onClick={() => form.submit()} data-testid="submit">{t('pools.saveAndProbe')}</Button>
        </Flex>
      }
    >
      <Form form={form} key={editing ? subject.id : 'new'} layout="vertical" onFinish={submit} preserve={false} scrollToFirstError initialValues={editing ? valuesOf(subject) : emptyPool}>
        {problem && <ProblemView error={problem.error} lines={problem.lines} />}
        <Form.Item name="kind" label={t('pools.kind')}>
          <Segmented block disabled={editing} options={(['s3', 'folder'] as const).map((value) => ({ value, label: t(`pools.kinds.${value}`) }))} />
        </Form.Item>
        <Form.Item name="name" label={t('pools.name')} rules={[{ required: true, whitespace: true, message: t('ui.required') }, { min: 2, max: 64, message: t('pools.nameRule') }]}>
          <Input autoComplete="off" />
        </Form.Item>
        <Form.Item noStyle shouldUpdate={(before, after) => before.kind !== after.kind}>
          {({ getFieldValue }) => (getFieldValue('kind') === 'folder' ? <FolderFields /> : <S3Fields editing={editing} />)}
        </Form.Item>
      </Form>
    </Drawer>
  );
}
