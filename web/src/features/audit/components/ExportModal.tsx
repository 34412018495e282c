import { DatePicker, Form, Modal, Radio } from 'antd';
import type { Dayjs } from 'dayjs';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type ExportOrder, useCreateExport } from '@/api/shared/useCreateExport';
import { ProblemView } from '@/ui/ProblemView';
import { ExportProgress } from './ExportProgress';

interface Values {
  format: ExportOrder['format'];
  range?: [Dayjs | null, Dayjs | null] | null;
}

const submitId = { 'data-testid': 'submit' };

/** Orders the file, waits for it here, and offers it as soon as it is ready. */
export function ExportModal({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const [form] = Form.useForm<Values>();
  const create = useCreateExport();
  const [id, setId] = useState<string>();

  const close = () => {
    setId(undefined);
    create.reset();
    onClose();
  };
  const submit = ({ format, range }: Values) =>
    create.mutate(
      { type: 'audit', format, from: range?.[0]?.toISOString(), to: range?.[1]?.toISOString(), time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone },
      { onSuccess: (order) => setId(order.id) },
    );

  return (
    <Modal
      open={open}
      title={t('audit.exportTitle')}
      onCancel={close}
      destroyOnHidden
      okText={t('audit.export')}
      cancelText={t(id ? 'ui.close' : 'ui.cancel')}
      okButtonProps={{ loading: create.isPending, hidden: id !== undefined, ...submitId }}
      onOk={() => form.submit()}
    >
      {create.error && <ProblemView error={create.error} />}
      {id ? <ExportProgress id={id} /> : (
        <Form form={form} layout="vertical" requiredMark={false} onFinish={submit} initialValues={{ format: 'csv' }} preserve={false}>
          <Form.Item name="format" label={t('audit.format')}>
            <Radio.Group options={[{ value: 'csv', label: 'CSV' }, { value: 'xlsx', label: 'Excel (XLSX)' }]} />
          </Form.Item>
          <Form.Item name="range" label={t('audit.range')} extra={t('audit.rangeHint')}>
            <DatePicker.RangePicker showTime={{ format: 'HH:mm' }} format="YYYY-MM-DD HH:mm" allowEmpty={[true, true]} className="hb-range" />
          </Form.Item>
        </Form>
      )}
    </Modal>
  );
}
