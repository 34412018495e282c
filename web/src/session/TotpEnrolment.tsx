import { Button, Flex, Form, Input, QRCode, Skeleton, Typography } from 'antd';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemView } from '@/ui/ProblemView';
import { useCopy } from '@/ui/useCopy';
import { useBeginTotp } from './api/useBeginTotp';
import { useConfirmTotp } from './api/useConfirmTotp';
import { RecoveryCodes } from './RecoveryCodes';

/** Scan or type the secret, prove it with a code, keep the recovery codes. */
export function TotpEnrolment({ username, onDone }: { username: string; onDone: () => void }) {
  const { t } = useTranslation();
  const { mutate: begin, data: secret, error, isPending } = useBeginTotp();
  const confirm = useConfirmTotp();
  const copy = useCopy();
  const [codes, setCodes] = useState<string[]>();
  useEffect(() => begin(), [begin]);

  if (codes) return <RecoveryCodes codes={codes} username={username} onDone={onDone} />;
  if (error) return <ProblemView error={error} onRetry={() => begin()} />;
  if (isPending || !secret) return <Skeleton active />;
  return (
    <Flex vertical gap={16}>
      <Typography.Text>{t('account.totp.scan')}</Typography.Text>
      <div className="hb-qr" role="img" aria-label={t('account.totp.qr')}>
        <QRCode value={secret.otpauth_uri} size={184} color="#17232b" bgColor="#ffffff" type="svg" />
      </div>
      <div>
        <Typography.Text type="secondary">{t('account.totp.manual')}</Typography.Text>
        <Flex className="hb-secret" align="center" gap={8}>
          <code data-testid="totp-secret">{secret.secret}</code>
          <Button onClick={() => void copy(secret.secret)}>{t('ui.copy')}</Button>
        </Flex>
      </div>
      {confirm.error && <ProblemView error={confirm.error} />}
      <Form layout="vertical" requiredMark={false} onFinish={({ code }: { code: string }) => confirm.mutate(code.trim(), { onSuccess: (answer) => setCodes(answer.recovery_codes) })}>
        <Form.Item name="code" label={t('account.totp.code')} rules={[{ required: true, message: t('ui.required') }, { pattern: /^\s*\d{6}\s*$/, message: t('account.totp.sixDigits') }]}>
          <Input inputMode="numeric" autoComplete="one-time-code" maxLength={8} className="hb-mono" />
        </Form.Item>
        <Button type="primary" htmlType="submit" block loading={confirm.isPending}>{t('account.totp.confirm')}</Button>
      </Form>
    </Flex>
  );
}
