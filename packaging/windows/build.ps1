# Builds the installer for Windows. Was never run: nobody has built this program on Windows yet; see README.md here.
#   powershell -File packaging\windows\build.ps1        needs Python 3.11, NSIS 3 (makensis on PATH)
$ErrorActionPreference = "Stop"
Set-Location (Resolve-Path "$PSScriptRoot\..\..")
function Checked { & $args[0] $args[1..($args.Length - 1)]; if ($LASTEXITCODE -ne 0) { throw "failed: $args" } }

$version = (Select-String -Path pyproject.toml -Pattern '^version = "(.+)"').Matches[0].Groups[1].Value
$env:SOURCE_DATE_EPOCH = (git log -1 --format=%ct)
$env:PYTHONHASHSEED = "0"
$python = ".venv-package\Scripts\python.exe"
if (-not (Test-Path $python)) {
  Checked py -3.11 -m venv .venv-package
  # The lock is of Linux: it lacks pywin32-ctypes (keyring, PyInstaller) and pefile. Make one on Windows before a release.
  Checked $python -m pip install ".[package]"
}
Checked $python -m pip wheel --no-deps --no-build-isolation --wheel-dir dist .
Checked $python -m pip install --no-deps --force-reinstall "dist\aether_desktop-$version-py3-none-any.whl"
New-Item -ItemType Directory -Force build\package | Out-Null
$env:AETHER_FROZEN_FILES = "$PWD\build\package\frozen-files.json"
Checked $python -m PyInstaller --noconfirm --distpath build\package\frozen --workpath build\package\work packaging\aether-desktop.spec
Checked $python -c "import sys; sys.path.insert(0, 'packaging'); from building.icons import ico; open(r'build\package\aether-desktop.ico', 'wb').write(ico())"
Checked build\package\frozen\aether-desktop\aether-desktop.exe --version

# Sign the program, then the installer, with the certificate named by its thumbprint:
#   signtool sign /fd SHA256 /tr http://timestamp.digicert.com /td SHA256 /sha1 THUMBPRINT FILE
if ($env:AETHER_THUMBPRINT) {
  Checked signtool sign /fd SHA256 /tr http://timestamp.digicert.com /td SHA256 /sha1 $env:AETHER_THUMBPRINT build\package\frozen\aether-desktop\aether-desktop.exe
}
Checked makensis "-DVERSION=$version" "-DFROZEN=$PWD\build\package\frozen\aether-desktop" "-DICON=$PWD\build\package\aether-desktop.ico" "-DOUTPUT=$PWD\dist\aether-desktop-$version-setup.exe" packaging\windows\aether-desktop.nsi
if ($env:AETHER_THUMBPRINT) {
  Checked signtool sign /fd SHA256 /tr http://timestamp.digicert.com /td SHA256 /sha1 $env:AETHER_THUMBPRINT "dist\aether-desktop-$version-setup.exe"
}
