import type { ComponentType, LazyExoticComponent, ReactNode } from 'react';
import type { SessionUser } from '@/api/model';
import { allows, type Permission } from '@/session/permissions';

export interface MenuItem {
  path: string;
  /** Key under `shell.menu`. */
  label: string;
  icon?: ReactNode;
  /** Any of these opens the screen; none means everybody who is signed in. */
  needs?: Permission[];
  page: LazyExoticComponent<ComponentType>;
}

export interface MenuGroup {
  key: string;
  /** Key under `shell.menu`; without one the items stand by themselves. */
  label?: string;
  items: (MenuItem | MenuFolder)[];
}

export interface MenuFolder {
  key: string;
  label: string;
  icon: ReactNode;
  items: MenuItem[];
}

export const isFolder = (entry: MenuItem | MenuFolder): entry is MenuFolder => 'items' in entry;

const visible = (item: MenuItem, user: Pick<SessionUser, 'permissions'>) => !item.needs || item.needs.some((needed) => allows(user, needed));

/** What is left of a menu for one user; folders and groups without items go too. */
export function menuFor(menu: MenuGroup[], user: Pick<SessionUser, 'permissions'>): MenuGroup[] {
  return menu
    .map((group) => ({
      ...group,
      items: group.items
        .map((entry) => (isFolder(entry) ? { ...entry, items: entry.items.filter((item) => visible(item, user)) } : entry))
        .filter((entry) => (isFolder(entry) ? entry.items.length > 0 : visible(entry, user))),
    }))
    .filter((group) => group.items.length > 0);
}

export const itemsOf = (menu: MenuGroup[]): MenuItem[] =>
  menu.flatMap((group) => group.items.flatMap((entry) => (isFolder(entry) ? entry.items : [entry])));
