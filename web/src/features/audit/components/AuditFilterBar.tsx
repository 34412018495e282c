import { DatePicker, Input, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import type { AuditFilters } from '@/live/messages';
import { statesOf } from '@/ui/states';

interface Props {
  value: AuditFilters;
  onChange: (next: AuditFilters) => void;
}

const kinds = ['call', 'event'];
const resources = ['pool', 'task', 'enrolment_token', 'user', 'access_key', 'tenant', 'export'];

export function AuditFilterBar({ value, onChange }: Props) {
  const { t } = useTranslation();
  const set = (change: AuditFilters) => onChange({ ...value, ...change });
  return (
    <>
      <Input.Search allowClear placeholder={t('audit.search')} aria-label={t('audit.search')} style={{ width: 220 }} onSearch={(q) => set({ q: q.trim() || undefined })} />
      <Input.Search allowClear placeholder={t('audit.actor')} aria-label={t('audit.actor')} style={{ width: 160 }} onSearch={(actor) => set({ actor: actor.trim() || undefined })} />
      <Select allowClear placeholder={t('audit.anyOutcome')} aria-label={t('audit.outcome')} style={{ width: 140 }} onChange={(outcome?: string) => set({ outcome })}
        options={statesOf('outcome').map((item) => ({ value: item, label: t(`ui.state.outcome.${item}`) }))} />
      <Select allowClear placeholder={t('audit.anyKind')} aria-label={t('audit.kind')} style={{ width: 130 }} onChange={(kind?: string) => set({ kind })}
        options={kinds.map((item) => ({ value: item, label: t(`audit.kinds.${item}`) }))} />
      <Select allowClear placeholder={t('audit.anyResource')} aria-label={t('audit.resourceType')} style={{ width: 160 }} onChange={(resource_type?: string) => set({ resource_type })}
        options={resources.map((item) => ({ value: item, label: t(`audit.resources.${item}`) }))} />
      <DatePicker.RangePicker
        showTime={{ format: 'HH:mm' }}
        format="YYYY-MM-DD HH:mm"
        allowEmpty={[true, true]}
        aria-label={t('audit.range')}
        className="hb-range"
        onChange={(range) => set({ from: range?.[0]?.toISOString(), to: range?.[1]?.toISOString() })}
      />
    </>
  );
}
