import { Flex, Typography } from 'antd';
import { type ReactNode, useEffect } from 'react';

interface Props {
  title: string;
  description?: string;
  actions?: ReactNode;
}

export function PageHeader({ title, description, actions }: Props) {
  useEffect(() => {
    document.title = `${title} · HyperBdr`;
  }, [title]);
  return (
    <Flex className="hb-page-header" justify="space-between" align="flex-start" gap={16} wrap>
      <div className="hb-page-title">
        <Typography.Title level={1}>{title}</Typography.Title>
        {description && <Typography.Paragraph type="secondary">{description}</Typography.Paragraph>}
      </div>
      {actions && <Flex gap={8} wrap>{actions}</Flex>}
    </Flex>
  );
}
