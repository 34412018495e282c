import { Card, Skeleton } from 'antd';
import { lazy, Suspense } from 'react';
import { Link } from 'react-router';
import type { Slice } from '@/ui/Ring';
import { StateTag } from '@/ui/StateTag';

const Ring = lazy(() => import('@/ui/Ring'));

interface Props {
  title: string;
  to: string;
  more: string;
  slices: Slice[] | undefined;
}

/** Shares as a ring, with the numbers beside it as text. */
export function RingCard({ title, to, more, slices }: Props) {
  const total = slices?.reduce((sum, slice) => sum + slice.value, 0) ?? 0;
  return (
    <Card title={title} extra={<Link to={to}>{more}</Link>}>
      {!slices ? <Skeleton active title={false} paragraph={{ rows: 3 }} /> : (
        <div className="hb-ring-row">
          <div className="hb-ring-box">
            <Suspense fallback={<div className="hb-ring" />}><Ring slices={slices} /></Suspense>
            <span className="hb-ring-total">{total}</span>
          </div>
          <ul className="hb-legend">
            {slices.map((slice) => <li key={slice.name}><StateTag tone={slice.tone}>{slice.name}</StateTag><strong className="hb-number">{slice.value}</strong></li>)}
          </ul>
        </div>
      )}
    </Card>
  );
}
