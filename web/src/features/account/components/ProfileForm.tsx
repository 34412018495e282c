import { Button, Flex, Form, Input, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import type { SessionUser } from '@/api/model';
import { changeLanguage, type Language } from '@/i18n';
import { ProblemView } from '@/ui/ProblemView';
import { useFormProblem } from '@/ui/useFormProblem';
import { useNotices } from '@/ui/useNotices';
import { type Profile, useUpdateMe } from '../api/useUpdateMe';

export function ProfileForm({ user }: { user: SessionUser }) {
  const { t, i18n } = useTranslation();
  const [form] = Form.useForm<Profile>();
  const notices = useNotices();
  const update = useUpdateMe();
  const { problem, show, clear } = useFormProblem(form, ['nickname', 'email', 'language']);

  const submit = (values: Profile) => {
    clear();
    update.mutate({ ...values, email: values.email || null }, {
      onError: show,
      onSuccess: () => {
        notices.success(t('account.saved'));
        void changeLanguage(values.language as Language);
      },
    });
  };

  return (
    <Form form={form} layout="vertical" requiredMark={false} onFinish={submit} initialValues={{ nickname: user.nickname ?? '', email: user.email ?? '', language: i18n.resolvedLanguage }}>
      <Flex vertical gap={16}>{problem && <ProblemView error={problem.error} lines={problem.lines} />}</Flex>
      <Form.Item name="nickname" label={t('account.nickname')} rules={[{ max: 60, message: t('ui.tooLong', { max: 60 }) }]}><Input autoComplete="nickname" /></Form.Item>
      <Form.Item name="email" label={t('account.email')} rules={[{ type: 'email', message: t('ui.notEmail') }]}><Input autoComplete="email" /></Form.Item>
      <Form.Item name="language" label={t('account.language')}><Select options={[{ value: 'en', label: 'English' }, { value: 'zh', label: '简体中文' }]} /></Form.Item>
      <Button type="primary" htmlType="submit" loading={update.isPending}>{t('ui.save')}</Button>
    </Form>
  );
}
