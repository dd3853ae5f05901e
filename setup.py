"""Install the vehicle's half: the package, its launch file and its parameters (ament_python)."""

from pathlib import Path

from setuptools import find_packages, setup

NAME = 'hopfield_pebal_ros'


def files(folder: str, pattern: str) -> list[str]:
    return sorted(str(path) for path in Path(folder).glob(pattern))


setup(
    name=NAME,
    version='0.1.0',
    description='Segmentation and anomaly energy of camera images for ROS 2 vehicles',
    license='Apache-2.0',
    maintainer='hopfield_pebal_ros maintainers',
    maintainer_email='maintainers@hopfield-pebal-ros.example',
    python_requires='>=3.10',
    packages=find_packages(include=[NAME, f'{NAME}.*']),
    package_data={NAME: ['models/*', 'report/templates/*', 'replay/*.xml', 'resource/*']},
    data_files=[
        ('share/ament_index/resource_index/packages', [f'{NAME}/resource/{NAME}']),
        (f'share/{NAME}', ['package.xml']),
        (f'share/{NAME}/launch', files('launch', '*.launch.py')),
        (
            f'share/{NAME}/config',
            [*files('config', '*'), f'{NAME}/replay/fast_dds.xml'],
        ),
        (f'share/{NAME}/schema', files('schema', '*.json')),
    ],
    zip_safe=False,
    install_requires=['numpy>=1.26', 'opencv-python-headless>=4.6', 'tyro>=0.9.2', 'tqdm>=4.60'],
    extras_require={
        'ros': [
            'ros-jazzy-rclpy',
            'ros-jazzy-rmw-fastrtps-cpp',
            'ros-jazzy-sensor-msgs',
            'ros-jazzy-std-srvs',
            'ros-jazzy-diagnostic-msgs',
            'ros-jazzy-lifecycle-msgs',
        ],
        'openvino': ['openvino>=2025.0'],
        'onnxruntime': ['onnxruntime>=1.20'],
        'tensorrt': ['tensorrt>=10.3,<12', 'cuda-python>=12.6', 'onnx>=1.17'],
        'replay': ['rosbags>=0.10', 'jinja2>=3.0', 'matplotlib>=3.6'],
        'training': [
            'torch>=2.14',
            'torchvision>=0.29',
            'onnx>=1.17',
            'onnxscript>=0.5',
            'onnxruntime>=1.20',
            'safetensors>=0.5',
            'timm>=1.0.9',
            'scipy>=1.10',
            'pillow>=10',
            'tensorboard>=2.18',
        ],
        'test': [
            'pytest>=8',
            'rosbags-image>=0.10',
            'hypothesis>=6',
            'scikit-learn>=1.5',
            'ruff>=0.12',
            'mypy>=1.15',
            'codespell>=2.3',
            'types-tqdm',
        ],
    },
    entry_points={
        'console_scripts': [
            f'detector_node = {NAME}.node.detector_node:main',
            f'detect = {NAME}.inference.detect:main',
            f'evaluate_bag = {NAME}.replay.evaluate_bag:main',
            f'play_bag = {NAME}.replay.play_bag:main',
            f'calibrate_bag = {NAME}.replay.calibrate_bag:main',
            f'bag_from_images = {NAME}.replay.bag_from_images:main',
        ],
    },
    # ROS looks for a package's executables in lib/<package>, not in bin
    options={
        'develop': {'script_dir': f'$base/lib/{NAME}'},
        'install': {'install_scripts': f'$base/lib/{NAME}'},
    },
)
