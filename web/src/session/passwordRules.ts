export type PasswordFault = 'length' | 'upper' | 'lower' | 'digit' | 'space';

/** The rules that the services apply to every new password, checked here to answer while typing. */
export function passwordFaults(password: string): PasswordFault[] {
  const faults: PasswordFault[] = [];
  if (password.length < 8 || password.length > 64) faults.push('length');
  if (!/\p{Lu}/u.test(password)) faults.push('upper');
  if (!/\p{Ll}/u.test(password)) faults.push('lower');
  if (!/\d/.test(password)) faults.push('digit');
  if (/\s/.test(password)) faults.push('space');
  return faults;
}
