import { Form, Input, Radio, Switch } from 'antd';
import { useTranslation } from 'react-i18next';

/** The S3 part of the object storage form; the secret is write-only. */
export function S3Fields({ editing }: { editing: boolean }) {
  const { t } = useTranslation();
  const required = { required: true, whitespace: true, message: t('ui.required') };
  return (
    <>
      <Form.Item name={['s3', 'endpoint']} label={t('pools.endpoint')} extra={t('pools.endpointHint')}
        rules={[required, { validator: (_, value?: string) => (value?.includes('://') || value?.includes('/') ? Promise.reject(new Error(t('pools.endpointScheme'))) : Promise.resolve()) }]}>
        <Input autoComplete="off" spellCheck={false} placeholder="s3.example.com" />
      </Form.Item>
      <Form.Item name={['s3', 'region']} label={t('pools.region')} extra={t('pools.regionHint')} rules={[required, { pattern: /^[A-Za-z0-9_-]{1,64}$/, message: t('pools.regionRule') }]}><Input autoComplete="off" spellCheck={false} placeholder="us-east-1" /></Form.Item>
      <Form.Item name={['s3', 'bucket']} label={t('pools.bucket')} rules={[required, { pattern: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, message: t('pools.bucketRule') }]}>
        <Input autoComplete="off" spellCheck={false} />
      </Form.Item>
      <Form.Item name={['s3', 'access_key']} label={t('pools.accessKey')} rules={[required]}><Input className="hb-mono" autoComplete="off" spellCheck={false} /></Form.Item>
      <Form.Item name={['s3', 'secret_key']} label={t('pools.secretKey')} extra={editing ? t('pools.secretKept') : undefined} rules={editing ? [] : [required]}>
        <Input.Password className="hb-mono" autoComplete="new-password" visibilityToggle={!editing} />
      </Form.Item>
      <Form.Item name={['s3', 'lookup']} label={t('pools.lookup')}>
        <Radio.Group options={(['dns', 'path'] as const).map((value) => ({ value, label: t(`pools.lookups.${value}`) }))} />
      </Form.Item>
      <Form.Item name={['s3', 'use_tls']} label={t('pools.tls')} valuePropName="checked"><Switch /></Form.Item>
    </>
  );
}
