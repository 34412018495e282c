import { CopyOutlined } from '@ant-design/icons';
import { Alert, Button, Flex, Typography } from 'antd';
import { useTranslation } from 'react-i18next';
import { useCopy } from './useCopy';

/** A secret that is shown once: the text, a button that copies it, and what happens when it is lost. */
export function SecretBox({ label, secret, warning }: { label: string; secret: string; warning: string }) {
  const { t } = useTranslation();
  const copy = useCopy();
  return (
    <Flex vertical gap={12}>
      <Alert type="warning" showIcon title={warning} />
      <div>
        <Typography.Text type="secondary">{label}</Typography.Text>
        <Flex className="hb-secret" align="center" gap={8}>
          <code data-testid="secret">{secret}</code>
          <Button icon={<CopyOutlined />} onClick={() => void copy(secret)}>{t('ui.copy')}</Button>
        </Flex>
      </div>
    </Flex>
  );
}
