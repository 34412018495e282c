import { Flex } from 'antd';
import type { Column } from './DataTable';

interface Props<T> {
  rows: T[];
  rowKey: (row: T) => string;
  columns: Column<T>[];
  label: string;
  onOpen?: (row: T) => void;
}

/** Rows of a list on a narrow screen: the first column is the card's head, the rest are pairs. */
export function RowCards<T>({ rows, rowKey, columns, label }: Props<T>) {
  const [head, ...rest] = columns.filter((column) => !column.actions);
  const actions = columns.find((column) => column.actions);
  return (
    <ul className="hb-cards" aria-label={label}>
      {rows.map((row) => (
        <li key={rowKey(row)} data-row={rowKey(row)}>
          <div className="hb-card-head">{head?.render(row)}</div>
          <dl>
            {rest.map((column) => (
              <div key={column.key}>
                <dt>{column.title}</dt>
                <dd>{column.render(row)}</dd>
              </div>
            ))}
          </dl>
          {actions && <Flex wrap gap={4} className="hb-card-actions">{actions.render(row)}</Flex>}
        </li>
      ))}
    </ul>
  );
}
