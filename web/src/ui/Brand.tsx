import { useTranslation } from 'react-i18next';
import { surface } from '@/surface';
import { Logo } from './Logo';

export function Brand({ className = '' }: { className?: string }) {
  const { t } = useTranslation();
  const portal = surface() === 'portal';
  return (
    <span className={`hb-brand ${className}`}>
      {portal ? <Logo ground="#35424c" second="#e0ab53" /> : <Logo />}
      <span>HyperBdr</span>
      <small className="hb-hide-small">{t(portal ? 'shell.portal' : 'shell.console')}</small>
    </span>
  );
}
