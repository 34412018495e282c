import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Pool } from '@/api/model';
import { Can } from '@/session/Can';
import { permission } from '@/session/permissions';
import { TypedConfirm } from '@/ui/TypedConfirm';
import { useNotices } from '@/ui/useNotices';
import { useDeletePool } from '../api/useDeletePool';
import { useProbePool } from '../api/useProbePool';

interface Props {
  pool: Pool;
  onOpen: (id: string) => void;
  onEdit: (pool: Pool) => void;
  deleting: boolean;
  onDelete: (pool: Pool | null) => void;
}

export function PoolActions({ pool, onOpen, onEdit, deleting, onDelete }: Props) {
  const { t } = useTranslation();
  const notices = useNotices();
  const probe = useProbePool();
  const remove = useDeletePool();
  const busy = pool.state === 'verifying';
  const why = busy ? t('pools.busy') : undefined;
  return (
    <Can do={permission.poolsWrite}>
      <span className="hb-actions">
        <Button type="link" size="small" disabled={busy} title={why} loading={probe.isPending} onClick={() => probe.mutate(pool.id, { onError: notices.problem, onSuccess: () => onOpen(pool.id) })}>{t('pools.probe')}</Button>
        <Button type="link" size="small" disabled={busy} title={why} onClick={() => onEdit(pool)}>{t('ui.edit')}</Button>
        <Button type="link" size="small" danger disabled={busy} title={why} onClick={() => onDelete(pool)}>{t('ui.delete')}</Button>
      </span>
      <TypedConfirm
        open={deleting}
        title={t('pools.deleteTitle')}
        warning={t('pools.deleteWarning')}
        expected={pool.name}
        action={t('ui.delete')}
        busy={remove.isPending}
        onCancel={() => onDelete(null)}
        onConfirm={() => remove.mutate(pool.id, { onError: notices.problem, onSuccess: () => { onDelete(null); notices.success(t('pools.deleted', { name: pool.name })); } })}
      />
    </Can>
  );
}
