import { Button, Modal } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AccessKey } from '@/api/model';
import { Can } from '@/session/Can';
import { permission } from '@/session/permissions';
import { ConfirmButton } from '@/ui/ConfirmButton';
import { SecretBox } from '@/ui/SecretBox';
import { useNotices } from '@/ui/useNotices';
import { useDeleteAccessKey } from '../api/useDeleteAccessKey';
import { useDisableAccessKey } from '../api/useDisableAccessKey';
import { useEnableAccessKey } from '../api/useEnableAccessKey';
import { useRevealSecret } from '../api/useRevealSecret';

export function KeyActions({ accessKey }: { accessKey: AccessKey }) {
  const { t } = useTranslation();
  const notices = useNotices();
  const [enable, disable, remove, reveal] = [useEnableAccessKey(), useDisableAccessKey(), useDeleteAccessKey(), useRevealSecret()];
  const [secret, setSecret] = useState<string>();
  const off = !accessKey.enabled;
  const said = (act: string) => ({ onError: notices.problem, onSuccess: () => notices.success(t(`accessKeys.did.${act}`)) });
  const hide = () => {
    setSecret(undefined);
    reveal.reset();
  };

  return (
    <Can do={permission.accessKeysWrite}>
      <span className="hb-actions">
        <ConfirmButton action={t('accessKeys.reveal')} question={t('accessKeys.revealQuestion')} explanation={t('accessKeys.revealExplanation')}
          onConfirm={() => reveal.mutateAsync(accessKey.id, { onError: notices.problem, onSuccess: (answer) => setSecret(answer.secret) })} />
        {off
          ? <Button type="link" size="small" onClick={() => enable.mutate(accessKey.id, said('enable'))}>{t('ui.enable')}</Button>
          : <ConfirmButton action={t('ui.disable')} question={t('accessKeys.disableQuestion')} explanation={t('accessKeys.disableExplanation')} onConfirm={() => disable.mutateAsync(accessKey.id, said('disable'))} />}
        <ConfirmButton danger action={t('ui.delete')} question={t('accessKeys.deleteQuestion')} explanation={t('accessKeys.deleteExplanation')} onConfirm={() => remove.mutateAsync(accessKey.id, said('delete'))} />
      </span>
      <Modal open={secret !== undefined} title={accessKey.access_key} onCancel={hide} footer={<Button type="primary" onClick={hide}>{t('ui.close')}</Button>} destroyOnHidden>
        {secret !== undefined && <SecretBox label={t('accessKeys.secret')} secret={secret} warning={t('accessKeys.secretWarning')} />}
      </Modal>
    </Can>
  );
}
