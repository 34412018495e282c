import { SafetyCertificateOutlined } from '@ant-design/icons';
import { Button, Modal, Result } from 'antd';
import { useTranslation } from 'react-i18next';
import { useNotices } from '@/ui/useNotices';
import { useVerifyChain } from '../api/useVerifyChain';

/** Asks for a full check of the chain and says plainly whether the trail can be trusted. */
export function VerifyButton() {
  const { t } = useTranslation();
  const notices = useNotices();
  const verify = useVerifyChain();
  const verdict = verify.data;
  return (
    <>
      <Button icon={<SafetyCertificateOutlined />} loading={verify.isPending} onClick={() => verify.mutate(undefined, { onError: notices.problem })} data-testid="verify-chain">{t('audit.verify')}</Button>
      <Modal open={verdict !== undefined} onCancel={() => verify.reset()} footer={<Button type="primary" onClick={() => verify.reset()}>{t('ui.close')}</Button>}>
        {verdict && (
          <Result
            status={verdict.intact ? 'success' : 'error'}
            title={<span data-testid="chain-verdict">{t(verdict.intact ? 'audit.intact' : 'audit.broken')}</span>}
            subTitle={verdict.intact ? t('audit.intactText', { count: verdict.entries }) : t('audit.brokenText', { at: verdict.broken_at ?? '?', problem: verdict.problem ?? '' })}
          />
        )}
      </Modal>
    </>
  );
}
