import { screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { Can } from '@/session/Can';
import { permission } from '@/session/permissions';
import { show, user } from '@/test/render';
import { consoleMenu } from './consoleMenu';
import { itemsOf, menuFor } from './menu';
import { portalMenu } from './portalMenu';

const paths = (...permissions: string[]) => itemsOf(menuFor(consoleMenu, { permissions })).map((item) => item.path);

describe('the menu', () => {
  it('shows only what the role may read', () => {
    expect(paths('porter.enrolments.read', 'storplus.pools.read', 'ant.tasks.read', 'report.exports.read')).toEqual(['/', '/configuration/enrolment-tokens', '/configuration/object-storage', '/operations/tasks', '/operations/reports']);
    expect(paths('owl.audit.read')).toEqual(['/', '/operations/event-logs']);
  });
  it('has no folder and no group without items', () => {
    expect(menuFor(consoleMenu, { permissions: ['owl.audit.read'] }).map((group) => group.key)).toEqual(['home', 'operations']);
  });
  it('of the portal is empty for people of a tenant', () => {
    expect(menuFor(portalMenu, { permissions: ['identity.users.read', 'identity.users.write', 'owl.audit.read', 'report.exports.read'] })).toEqual([]);
  });
});

describe('Can', () => {
  it('shows what the user may do and hides the rest', () => {
    show(<><Can do={permission.poolsRead}>see</Can><Can do={permission.poolsWrite}>change</Can></>, { as: user('storplus.pools.read') });
    expect(screen.getByText('see')).toBeVisible();
    expect(screen.queryByText('change')).toBeNull();
  });
  it('hides everything from nobody', () => {
    show(<Can do={permission.poolsRead}>see</Can>);
    expect(screen.queryByText('see')).toBeNull();
  });
});
