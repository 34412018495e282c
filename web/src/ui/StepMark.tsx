import { CheckCircleFilled, CloseCircleFilled, LoadingOutlined, MinusCircleOutlined } from '@ant-design/icons';

export function StepMark({ status }: { status: string }) {
  if (status === 'done') return <span className="hb-state hb-state-good" aria-hidden="true"><CheckCircleFilled /></span>;
  if (status === 'failed') return <span className="hb-state hb-state-bad" aria-hidden="true"><CloseCircleFilled /></span>;
  if (status === 'running') return <span className="hb-state hb-state-busy" aria-hidden="true"><LoadingOutlined /></span>;
  return <span className="hb-state hb-state-idle" aria-hidden="true"><MinusCircleOutlined /></span>;
}
