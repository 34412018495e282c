import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Tenant } from '@/api/model';
import { useUser } from '@/session/permissions';
import { ConfirmButton } from '@/ui/ConfirmButton';
import { useNotices } from '@/ui/useNotices';
import { useDisableTenant } from '../api/useDisableTenant';
import { useEnableTenant } from '../api/useEnableTenant';

/** The platform's own tenant cannot be switched off. */
export function TenantActions({ tenant, onRename }: { tenant: Tenant; onRename: (tenant: Tenant) => void }) {
  const { t } = useTranslation();
  const notices = useNotices();
  const [enable, disable] = [useEnableTenant(), useDisableTenant()];
  const own = useUser()?.tenant_id === tenant.id;
  return (
    <span className="hb-actions">
      <Button type="link" size="small" onClick={() => onRename(tenant)}>{t('tenants.rename')}</Button>
      {!own && (!tenant.enabled
        ? <Button type="link" size="small" onClick={() => enable.mutate(tenant.id, { onError: notices.problem, onSuccess: () => notices.success(t('tenants.enabled', { name: tenant.name })) })}>{t('ui.enable')}</Button>
        : <ConfirmButton danger action={t('ui.disable')} question={t('tenants.disableQuestion', { name: tenant.name })} explanation={t('tenants.disableExplanation')}
            onConfirm={() => disable.mutateAsync(tenant.id, { onError: notices.problem, onSuccess: () => notices.success(t('tenants.disabled', { name: tenant.name })) })} />)}
    </span>
  );
}
