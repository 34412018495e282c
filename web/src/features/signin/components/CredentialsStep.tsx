import { Alert, Button, Form, Input } from 'antd';
import { useTranslation } from 'react-i18next';
import { type Credentials, useSignIn } from '../api/useSignIn';
import { SignInProblem } from './SignInProblem';

export function CredentialsStep({ expired }: { expired: boolean }) {
  const { t } = useTranslation();
  const signIn = useSignIn();
  return (
    <>
      {expired && !signIn.error && <Alert type="info" showIcon title={t('signin.expired')} data-testid="signin-expired" />}
      {signIn.error && <SignInProblem key={signIn.submittedAt} error={signIn.error} wrong={t('signin.wrong')} />}
      <Form<Credentials> layout="vertical" requiredMark={false} size="large" onFinish={(values) => signIn.mutate(values)}>
        <Form.Item name="username" label={t('signin.username')} rules={[{ required: true, message: t('ui.required') }]}>
          <Input autoComplete="username" autoFocus autoCapitalize="none" spellCheck={false} data-testid="username" />
        </Form.Item>
        <Form.Item name="password" label={t('signin.password')} rules={[{ required: true, message: t('ui.required') }]}>
          <Input.Password autoComplete="current-password" data-testid="password" />
        </Form.Item>
        <Button type="primary" htmlType="submit" block loading={signIn.isPending} data-testid="sign-in">{t('signin.submit')}</Button>
      </Form>
    </>
  );
}
