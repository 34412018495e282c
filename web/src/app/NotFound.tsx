import { Result } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';

export default function NotFound() {
  const { t } = useTranslation();
  return <Result status="404" title={t('shell.notFound.title')} subTitle={t('shell.notFound.text')} extra={<Link to="/">{t('shell.notFound.home')}</Link>} />;
}
