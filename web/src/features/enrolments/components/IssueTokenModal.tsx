import { Button, Flex, Form, Input, InputNumber, Modal, Typography } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { IssuedToken } from '@/api/model';
import { Moment } from '@/ui/Moment';
import { ProblemView } from '@/ui/ProblemView';
import { SecretBox } from '@/ui/SecretBox';
import { useFormProblem } from '@/ui/useFormProblem';
import { useIssueToken } from '../api/useIssueToken';

/** Entered in minutes under the service's name for the field, so that its messages land there. */
interface Values {
  name: string;
  lifetime_s: number;
}

/** Name and lifetime, then the secret: once. It is gone from the page when the dialog closes. */
export function IssueTokenModal({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const [form] = Form.useForm<Values>();
  const [issued, setIssued] = useState<IssuedToken>();
  const issue = useIssueToken();
  const { problem, show, clear } = useFormProblem(form, ['name', 'lifetime_s']);

  const close = () => {
    setIssued(undefined);
    issue.reset();
    clear();
    onClose();
  };
  const submit = ({ name, lifetime_s: minutes }: Values) => {
    clear();
    issue.mutate({ name: name.trim(), lifetime_s: minutes * 60 }, { onSuccess: setIssued, onError: show });
  };

  return (
    <Modal
      open={open}
      title={t(issued ? 'enrolments.issued' : 'enrolments.issue')}
      onCancel={close}
      mask={{ closable: !issued }}
      destroyOnHidden
      footer={issued
        ? <Button type="primary" onClick={close}>{t('ui.close')}</Button>
        : [<Button key="cancel" onClick={close}>{t('ui.cancel')}</Button>, <Button key="ok" type="primary" loading={issue.isPending} onClick={() => form.submit()} data-testid="submit">{t('enrolments.issue')}</Button>]}
    >
      {issued ? (
        <Flex vertical gap={12}>
          <SecretBox label={t('enrolments.secret', { name: issued.token.name })} secret={issued.secret} warning={t('enrolments.secretOnce')} />
          <Typography.Text type="secondary">{t('enrolments.expiresAt')}: <Moment at={issued.token.expires_at} /></Typography.Text>
        </Flex>
      ) : (
        <Form form={form} layout="vertical" requiredMark={false} onFinish={submit} initialValues={{ lifetime_s: 30 }} preserve={false}>
          {problem && <ProblemView error={problem.error} lines={problem.lines} />}
          <Form.Item name="name" label={t('enrolments.name')} extra={t('enrolments.nameHint')} rules={[{ required: true, whitespace: true, message: t('ui.required') }, { max: 100, message: t('ui.tooLong', { max: 100 }) }]}>
            <Input autoFocus />
          </Form.Item>
          <Form.Item name="lifetime_s" label={t('enrolments.lifetime')} rules={[{ required: true, type: 'integer', min: 1, max: 60, message: t('enrolments.lifetimeRange') }]}>
            <InputNumber suffix={t('enrolments.minutes')} precision={0} style={{ width: 180 }} />
          </Form.Item>
        </Form>
      )}
    </Modal>
  );
}
