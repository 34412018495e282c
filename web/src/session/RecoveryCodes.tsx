import { CopyOutlined, DownloadOutlined } from '@ant-design/icons';
import { Alert, Button, Checkbox, Flex } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { downloadText } from '@/ui/download';
import { useCopy } from '@/ui/useCopy';

/** Shown once: the way on opens only after the user says that they are kept. */
export function RecoveryCodes({ codes, username, onDone }: { codes: string[]; username: string; onDone: () => void }) {
  const { t } = useTranslation();
  const copy = useCopy();
  const [kept, setKept] = useState(false);
  const text = codes.join('\n');
  return (
    <Flex vertical gap={16}>
      <Alert type="warning" showIcon title={t('account.totp.codesWarning')} />
      <ul className="hb-codes" data-testid="recovery-codes">{codes.map((code) => <li key={code}>{code}</li>)}</ul>
      <Flex gap={8} wrap>
        <Button icon={<CopyOutlined />} onClick={() => void copy(text)}>{t('ui.copy')}</Button>
        <Button icon={<DownloadOutlined />} onClick={() => downloadText(`hyperbdr-recovery-codes-${username}.txt`, `${text}\n`)}>{t('ui.download')}</Button>
      </Flex>
      <Checkbox checked={kept} onChange={(event) => setKept(event.target.checked)}>{t('account.totp.kept')}</Checkbox>
      <Button type="primary" block disabled={!kept} onClick={onDone}>{t('account.totp.done')}</Button>
    </Flex>
  );
}
