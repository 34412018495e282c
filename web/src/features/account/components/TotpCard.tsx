import { useQueryClient } from '@tanstack/react-query';
import { Button, Flex, Form, Input, Modal, Typography } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SessionUser } from '@/api/model';
import { TotpEnrolment } from '@/session/TotpEnrolment';
import { keys } from '@/api/keys';
import { StateTag } from '@/ui/StateTag';
import { ProblemView } from '@/ui/ProblemView';
import { useNotices } from '@/ui/useNotices';
import { useRemoveTotp } from '../api/useRemoveTotp';

/** Administrators must keep their authenticator; others may remove it with their password. */
export function TotpCard({ user }: { user: SessionUser }) {
  const { t } = useTranslation();
  const notices = useNotices();
  const client = useQueryClient();
  const [open, setOpen] = useState<'enrol' | 'remove'>();
  const remove = useRemoveTotp();
  const required = user.role === 'platform_admin' || user.role === 'tenant_admin';
  const refresh = () => void client.invalidateQueries({ queryKey: keys.session });
  const close = () => {
    remove.reset();
    setOpen(undefined);
  };

  return (
    <Flex vertical gap={16} align="flex-start">
      <StateTag tone={user.totp_enabled ? 'good' : 'idle'}>{t(user.totp_enabled ? 'account.totp.on' : 'account.totp.off')}</StateTag>
      <Typography.Text type="secondary">{t(required ? 'account.totp.required' : 'account.totp.optional')}</Typography.Text>
      <Flex gap={8} wrap>
        <Button onClick={() => setOpen('enrol')}>{t('account.totp.setUp')}</Button>
        {!required && user.totp_enabled && <Button danger onClick={() => setOpen('remove')}>{t('account.totp.remove')}</Button>}
      </Flex>
      <Modal open={open === 'enrol'} title={t('account.totp.setUp')} footer={null} onCancel={close} destroyOnHidden>
        <TotpEnrolment username={user.username} onDone={() => { close(); refresh(); notices.success(t('account.totp.active')); }} />
      </Modal>
      <Modal open={open === 'remove'} title={t('account.totp.remove')} footer={null} onCancel={close} destroyOnHidden>
        <Form layout="vertical" requiredMark={false} onFinish={({ password }: { password: string }) => remove.mutate(password, { onSuccess: () => { close(); refresh(); notices.success(t('account.totp.removed')); } })}>
          {remove.error && <ProblemView error={remove.error} />}
          <Form.Item name="password" label={t('signin.password')} className="hb-gap-top" rules={[{ required: true, message: t('ui.required') }]}>
            <Input.Password autoComplete="current-password" />
          </Form.Item>
          <Button danger type="primary" htmlType="submit" loading={remove.isPending}>{t('account.totp.remove')}</Button>
        </Form>
      </Modal>
    </Flex>
  );
}
