import { formatTime } from './time';

export function Moment({ at }: { at: string | null | undefined }) {
  return at ? <time dateTime={at} className="hb-time">{formatTime(at)}</time> : <span>–</span>;
}
