/** Handles of the File System API, as of OPFS and of the pickers: a file's, and a whole checkpoint's. */

/** FileSystemFileHandle, as far as it is used. */
export interface FileHandle {
  getFile(): Promise<Blob>;
}

/** FileSystemDirectoryHandle, as far as it is used. */
export interface FolderHandle {
  readonly name: string;
  getFileHandle(name: string): Promise<FileHandle>;
  getDirectoryHandle(name: string): Promise<FolderHandle>;
}

export function isFolderHandle(source: object): source is FolderHandle {
  return typeof Reflect.get(source, 'getFileHandle') === 'function';
}

/** The file of a path below a folder; undefined when there is none. */
export async function fileIn(folder: FolderHandle, path: string): Promise<FileHandle | undefined> {
  const names = path.split('/');
  const file = names.pop()!;
  try {
    let place = folder;
    for (const name of names) place = await place.getDirectoryHandle(name);
    return await place.getFileHandle(file);
  } catch (error) {
    const { name } = error as DOMException;
    if (name === 'NotFoundError' || name === 'TypeMismatchError') return undefined;
    throw error;
  }
}
