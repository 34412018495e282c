import { Form, Input } from 'antd';
import { useTranslation } from 'react-i18next';

export function FolderFields() {
  const { t } = useTranslation();
  return (
    <Form.Item name={['folder', 'path']} label={t('pools.path')} extra={t('pools.pathHint')} rules={[{ required: true, whitespace: true, message: t('ui.required') }]}>
      <Input className="hb-mono" autoComplete="off" spellCheck={false} placeholder="/srv/hyperbdr/pool" />
    </Form.Item>
  );
}
