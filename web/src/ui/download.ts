/** Saves a text as a file on the user's disk. */
export function downloadText(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  openDownload(address, name);
  URL.revokeObjectURL(address);
}

/** Follows an address as a download; the page stays. */
export function openDownload(address: string, name?: string): void {
  const link = document.createElement('a');
  link.href = address;
  link.download = name ?? '';
  document.body.append(link);
  link.click();
  link.remove();
}
