import { ReloadOutlined } from '@ant-design/icons';
import type { UseQueryResult } from '@tanstack/react-query';
import { Button, Card, Empty, Flex, Grid, Pagination, Skeleton, Table, Tooltip } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Page } from '@/api/model';
import { ProblemView } from './ProblemView';
import { RowCards } from './RowCards';
import { type ListState, pageSizes } from './useListState';

export interface Column<T> {
  key: string;
  title: string;
  render: (row: T) => ReactNode;
  width?: number | string;
  align?: 'right';
  /** The row's actions: last in a table, at the foot of a card. */
  actions?: boolean;
}

interface Props<T> {
  query: UseQueryResult<Page<T>>;
  rowKey: (row: T) => string;
  columns: Column<T>[];
  list?: ListState;
  filters?: ReactNode;
  empty: ReactNode;
  label: string;
  onOpen?: (row: T) => void;
}

/** A list with its filters, paging, total and refresh; rows become cards where a table has no room. */
export function DataTable<T extends object>({ query, rowKey, columns, list, filters, empty, label, onOpen }: Props<T>) {
  const { t } = useTranslation();
  const wide = Grid.useBreakpoint().md ?? true;
  const { data, error, isPending, isFetching, refetch } = query;
  const nothing = <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={empty} className="hb-empty" />;

  const body = () => {
    if (isPending) return <div className="hb-pad"><Skeleton active title={false} paragraph={{ rows: 6 }} /></div>;
    if (!data) return null;
    if (!wide) return data.items.length === 0 ? nothing : <RowCards rows={data.items} rowKey={rowKey} columns={columns} label={label} onOpen={onOpen} />;
    return (
      <Table<T>
        aria-label={label}
        size="middle"
        dataSource={data.items}
        rowKey={rowKey}
        pagination={false}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: nothing }}
        onRow={(row) => ({ 'data-row': rowKey(row), ...(onOpen ? { onDoubleClick: () => onOpen(row) } : {}) })}
        columns={columns.map((column) => ({
          key: column.key, title: column.title, width: column.width, align: column.align,
          fixed: column.actions ? ('right' as const) : undefined, render: (_: unknown, row: T) => column.render(row),
        }))}
      />
    );
  };

  return (
    <Card className="hb-list" styles={{ body: { padding: 0 } }}>
      <Flex className="hb-list-bar" justify="space-between" align="center" gap={12} wrap>
        <div className="hb-filters">{filters}</div>
        <Tooltip title={t('ui.refresh')}>
          <Button icon={<ReloadOutlined spin={isFetching} />} onClick={() => void refetch()} aria-label={t('ui.refresh')} />
        </Tooltip>
      </Flex>
      {error && <div className="hb-pad"><ProblemView error={error} onRetry={() => void refetch()} /></div>}
      {body()}
      {list && data && (
        <Flex className="hb-list-foot" justify="flex-end">
          <Pagination
            current={list.paging.page}
            pageSize={list.paging.page_size}
            total={data.total}
            pageSizeOptions={pageSizes}
            showSizeChanger
            showQuickJumper={wide}
            size={wide ? undefined : 'small'}
            responsive
            showTotal={(total) => <span data-testid="total">{t('ui.total', { count: total })}</span>}
            onChange={list.setPaging}
          />
        </Flex>
      )}
    </Card>
  );
}
