import { Card, Skeleton } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { useServices } from './api/useServices';
import { DeadLetters } from './components/DeadLetters';
import { LogDrawer } from './components/LogDrawer';
import { ServiceCard } from './components/ServiceCard';
import { SuiteSummary } from './components/SuiteSummary';
import { isTrouble } from './trouble';

export default function ServicesPage() {
  const { t } = useTranslation();
  const { data, error, isPending, refetch } = useServices();
  const items = data ? [...data.items].sort((one, other) => Number(isTrouble(other)) - Number(isTrouble(one))) : [];
  const [log, setLog] = useState<string | null>(null);
  return (
    <>
      <PageHeader title={t('services.title')} description={t('services.description')} />
      {error && <ProblemView error={error} onRetry={() => void refetch()} />}
      {isPending && !error && <Card><Skeleton active paragraph={{ rows: 6 }} /></Card>}
      {data && (
        <>
          <SuiteSummary items={data.items} />
          <div className="hb-grid hb-services" data-testid="services">
            {items.map((service) => <ServiceCard key={service.name} service={service} at={data.at} onLog={setLog} />)}
          </div>
        </>
      )}
      <DeadLetters />
      <LogDrawer name={log} onClose={() => setLog(null)} />
    </>
  );
}
