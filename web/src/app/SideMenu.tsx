import { Menu, type MenuProps } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'react-router';
import { isFolder, type MenuGroup, type MenuItem } from './menu';

type Entry = NonNullable<MenuProps['items']>[number];

export function SideMenu({ menu, onChoose }: { menu: MenuGroup[]; onChoose?: () => void }) {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const item = ({ path, label, icon }: MenuItem): Entry => ({ key: path, icon, label: <Link to={path} onClick={onChoose}>{t(`shell.menu.${label}`)}</Link> });

  const entries: Entry[] = menu.flatMap((group): Entry[] => {
    const children = group.items.map((entry): Entry =>
      isFolder(entry) ? { key: entry.key, icon: entry.icon, label: t(`shell.menu.${entry.label}`), children: entry.items.map(item) } : item(entry));
    return group.label ? [{ type: 'group', key: group.key, label: t(`shell.menu.${group.label}`), children }] : children;
  });
  const folders = menu.flatMap((group) => group.items.filter(isFolder).map((folder) => folder.key));

  return (
    <nav aria-label={t('shell.navigation')}>
      <Menu mode="inline" items={entries} selectedKeys={[pathname]} defaultOpenKeys={folders} inlineIndent={16} />
    </nav>
  );
}
