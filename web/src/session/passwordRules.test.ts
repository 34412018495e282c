import { expect, it } from 'vitest';
import { passwordFaults } from './passwordRules';

it.each([
  ['Abcdefg1', []], ['Ünïcode9x', []], ['abcdefg1', ['upper']], ['ABCDEFG1', ['lower']], ['Abcdefgh', ['digit']], ['Abc 1efg', ['space']], ['Ab1', ['length']], [`Ab1${'x'.repeat(62)}`, ['length']],
])('%s', (password, faults) => expect(passwordFaults(password)).toEqual(faults));
