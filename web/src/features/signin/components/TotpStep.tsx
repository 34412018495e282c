import { Button, Form, Input } from 'antd';
import { useTranslation } from 'react-i18next';
import { useTotpCode } from '../api/useTotpCode';
import { SignInProblem } from './SignInProblem';

/** Six digits of the authenticator, or one recovery code. */
export function TotpStep() {
  const { t } = useTranslation();
  const totp = useTotpCode();
  return (
    <>
      {totp.error && <SignInProblem key={totp.submittedAt} error={totp.error} wrong={t('signin.totp.wrong')} />}
      <Form layout="vertical" requiredMark={false} size="large" onFinish={({ code }: { code: string }) => totp.mutate(code.trim())}>
        <Form.Item name="code" label={t('signin.totp.code')} extra={t('signin.totp.recovery')} rules={[{ required: true, whitespace: true, message: t('ui.required') }]}>
          <Input autoComplete="one-time-code" autoFocus className="hb-mono" data-testid="totp-code" />
        </Form.Item>
        <Button type="primary" htmlType="submit" block loading={totp.isPending}>{t('signin.totp.submit')}</Button>
      </Form>
    </>
  );
}
